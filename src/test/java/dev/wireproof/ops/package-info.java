/** Tests of what an operator sees. */
@NullMarked
package dev.wireproof.ops;

import org.jspecify.annotations.NullMarked;
