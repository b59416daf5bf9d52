"""The one-machine installation of `kabinet demo`: its servers, its supervisor and its made-up company."""
