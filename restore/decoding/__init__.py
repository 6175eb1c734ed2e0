"""The robust decoder: a full-size picture out of any damaged JPEG, with what was odd on the way."""
