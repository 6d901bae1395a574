/** What tests of many rooms need: a real database, raw peers, a clock to step. */
@NullMarked
package dev.wireproof.testkit;

import org.jspecify.annotations.NullMarked;
