/** Tests of the command room: pure ones of the lifecycle, and ones on a real database with small hand-made agents. */
@NullMarked
package dev.wireproof.command;

import org.jspecify.annotations.NullMarked;
