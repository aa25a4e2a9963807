"""One module a platform; each turns a Server into the files and steps that start it there."""
