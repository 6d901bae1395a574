/**
 * Where commands get lost: observations of one connection, the rules that turn them into a verdict, the probe that makes them, what the
 * verdicts of many agents have in common, and the signed evidence for one command. It reads other rooms' tables and writes only its own
 * ({@code diagnosis}, {@code session_instance}, {@code config_refusal}). No claim without an observation: unknown is an answer.
 *
 * <p>May use: id, protocol, access, fleet, telemetry, connection, command, background. Used by: ops, api.
 * Start reading at {@code Rules}, which can be checked line by line against {@code docs/diagnosis.md}; what it looks at is
 * {@link dev.wireproof.diagnosis.Observations}; the door is {@link dev.wireproof.diagnosis.Diagnoses}.
 */
@NullMarked
package dev.wireproof.diagnosis;

import org.jspecify.annotations.NullMarked;
