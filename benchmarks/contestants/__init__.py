"""What is compared: one module for each library, with a function for each task that it can do.

A function takes what is given (a path), where the result goes (a path) and the options of the work; it imports what it
needs, opens what is given, and returns a function that does the rest: that is what is measured. Tasks:

``write``
    A multiscale image from a ``.npy`` file. Options: ``codec`` (name, level, shuffle), ``chunks``, ``levels``; without
    a codec, everything that the library chooses by itself.
``generate``
    The same from pixels that are made up while they are written; ``given`` says how many times a GiB.
``convert``
    A multiscale image from a TIFF file, as the library's users do it.
``read_level``, ``read_planes``
    All of level 0; a hundred planes of 256 x 256 at given places. They return the pixels.
``first_look``
    The smallest level of an image that is just being opened. Returns the pixels.
``write_plate``, ``open_plate``
    A plate of wells with one field each; all its fields, opened but not read. Opening returns their number.
"""
