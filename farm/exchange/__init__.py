"""Others' formats in and out, one module for each format: texts and bytes in, values out, and back."""
