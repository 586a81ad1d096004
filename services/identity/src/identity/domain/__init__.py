"""Pure decisions of identity: state, proof, names, passwords. Time and ids come in as arguments."""
