"""File formats: keys and matrices in, keys and matrices out; one file a format.

==============  =====================================  ==============================
format          module                                 holds
==============  =====================================  ==============================
safetensors     ``fastw2v.formats.safetensors``        all that a model needs; no code
==============  =====================================  ==============================
"""
