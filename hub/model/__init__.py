"""Words of the exchange: frozen values and pure rules shared by services. Imports the standard library only."""
