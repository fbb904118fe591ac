"""What happens at the gates: scans, their settling, stations, their journals and knowledge."""
