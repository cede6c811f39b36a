"""HTTP and Serverless servers of a worker."""
