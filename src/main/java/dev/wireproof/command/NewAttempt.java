package dev.wireproof.command;

import dev.wireproof.connection.OutboundText;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An attempt that is about to be stored, and then sent.
 *
 * @param unsent why its text must not be sent after all: it could not be signed; null: it may
 */
record NewAttempt(
        CommandId commandId,
        int attempt,
        AgentId agentId,
        Lane lane,
        OfferReason reason,
        Instant at,
        @Nullable Instant overdueAt,
        OutboundText text,
        @Nullable String unsent) {}
