"""Training and evaluation of the shipped language model: data, generation, augmentation, recipe, figures."""
