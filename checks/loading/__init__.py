"""Getting at the code of files as people keep them: notebooks, scripts that work when imported, missing modules."""
