package dev.wireproof.access;

import dev.wireproof.id.SiteId;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One line of the audit log: who, what, on what, from where, with which result.
 *
 * @param actor name of an API token, or {@code enrollment}, {@code agent}, {@code system}
 * @param actorId the token's id; null when the actor has none
 * @param action such as {@code command.create}
 * @param target such as {@code /api/v1/commands/0198…}
 * @param site null when it is about no single site
 * @param remoteAddress null for the server's own doings
 * @param result {@code ok}, or the HTTP status or reason of the refusal
 */
public record AuditEntry(
        String actor,
        @Nullable UUID actorId,
        String action,
        String target,
        @Nullable SiteId site,
        @Nullable String remoteAddress,
        String result,
        Map<String, String> detail) {
    public AuditEntry {
        detail = Map.copyOf(detail);
    }

    public static AuditEntry bySystem(String action, String target, @Nullable SiteId site, String result) {
        return new AuditEntry("system", null, action, target, site, null, result, Map.of());
    }

    /** The same as PostgreSQL can hold it, so that what is hashed is what is read back. */
    AuditEntry storable() {
        Map<String, String> fit = new LinkedHashMap<>();
        detail.forEach((key, value) -> fit.put(StorableText.of(key), StorableText.of(value)));
        return new AuditEntry(
                StorableText.of(actor),
                actorId,
                StorableText.of(action),
                StorableText.of(target),
                site,
                remoteAddress == null ? null : StorableText.of(remoteAddress),
                StorableText.of(result),
                fit);
    }
}
