"""The world of declared tables: slots, commands, and the tick that advances them."""
