/** The application class, the clock, and the wiring of what belongs to no single room. May use: every room. */
@NullMarked
package dev.wireproof;

import org.jspecify.annotations.NullMarked;
