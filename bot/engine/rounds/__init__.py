"""One more round on the open pull request: reviews, threads, the repository's own CI."""
