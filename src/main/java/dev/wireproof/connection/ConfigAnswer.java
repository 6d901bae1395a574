package dev.wireproof.connection;

/**
 * What an agent said about a configuration that it was sent, by ConfigAck.
 *
 * @param applied false: it goes on with what it had before
 */
public record ConfigAnswer(long version, boolean applied) {}
