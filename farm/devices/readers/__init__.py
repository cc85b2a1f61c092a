"""One pure function per source of text: text in, readings or a reason out; never a guess, never an exception."""
