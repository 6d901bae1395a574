package dev.wireproof.command;

import dev.wireproof.id.ConnectionId;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A connection, as far as it matters to a command.
 *
 * @param ledgerId the agent's record of commands on its disk, as told on this connection; null when it told none
 * @param ledgerWentBackAt when that record was last seen to hold less than before (a restored snapshot); null: never
 */
record Line(
        ConnectionId id, @Nullable UUID ledgerId, @Nullable Instant ledgerWentBackAt) {}
