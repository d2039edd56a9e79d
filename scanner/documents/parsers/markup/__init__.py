"""Text and markup: plain, HTML, XML, JSON."""
