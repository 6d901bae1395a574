@NullMarked
package dev.wireproof.kernel;

import org.jspecify.annotations.NullMarked;
