@NullMarked
package dev.wireproof.diagnosis;

import org.jspecify.annotations.NullMarked;
