"""From folders of pictures to the batches of every optimizer step."""
