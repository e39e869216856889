"""Knowledge bases: words related to a label's name, from WordNet, ConceptNet, lists and the PLM itself."""
