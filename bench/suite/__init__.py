"""What bench/run is made of: servers, data, the rows of the table, and the page they become."""
