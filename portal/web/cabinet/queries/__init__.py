"""What the cabinet's pages show, read with Core selects into small dataclasses. Each takes the viewer's customers."""
