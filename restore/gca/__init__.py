"""GCA, guided content: our restorer, the network that fills what is lost, as the main job runs it."""
