"""The chat side: async, light, no language model. It turns a mention into a job and a reply into a message."""
