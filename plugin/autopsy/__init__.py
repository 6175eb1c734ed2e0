"""The Autopsy modules: Jython scripts that run the installed `carve-restore`, and what puts them in place."""
