/**
 * The fault laboratory: cases that need more than one room, each followed by the eleven invariants ({@code Invariants}). The list of faults
 * and the test of each is {@code docs/reliability.md}.
 */
@NullMarked
package dev.wireproof.faults;

import org.jspecify.annotations.NullMarked;
