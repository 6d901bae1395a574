package dev.wireproof.command;

/** How far an attempt got, as far as it is proven; {@code docs/delivery.md} says what each rung proves and what not. */
public enum Rung {
    /** The attempt is on record; nothing shows that the connection's queue took the frame (or it refused it). */
    NONE,
    ENQUEUED,
    WRITE_STARTED,
    WRITE_FAILED,
    WRITTEN,
    /** The next hop's TCP has it. Only where the kernel was asked; {@code docs/decisions/0005-kernel-view.md}. */
    TCP_ACKED,
    PEER_READ,
    NACKED,
    ACKED
}
