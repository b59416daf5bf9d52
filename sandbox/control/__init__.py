"""What a person or a test turns: time, outcomes, faults, targets, shops; and the journal of what came of it."""
