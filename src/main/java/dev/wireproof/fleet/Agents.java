package dev.wireproof.fleet;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import dev.wireproof.access.AgentKeys;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.SiteId;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/** The agents that exist, for those who look at them and change what people say of them. Blocks on the database. */
@Component
public class Agents {
    private static final Duration FORGET_AFTER = Duration.ofSeconds(30);
    private static final int CACHED = 50_000;

    private static final String PLACE_OF = "SELECT site_id, os_family FROM agent WHERE id = :id AND deleted_at IS NULL";
    private static final String LAST_SITE_OF = "SELECT site_id FROM agent WHERE id = :id AND site_id IS NOT NULL";
    /** A null parameter leaves the column as it is. */
    private static final String PATCH = """
        UPDATE agent
           SET site_id = coalesce(:site::uuid, site_id),
               display_name = CASE WHEN :nameGiven THEN :name::text ELSE display_name END,
               operator_tags = CASE WHEN :tagsGiven THEN :tags::jsonb ELSE operator_tags END,
               updated_at = :now
         WHERE id = :id
           AND deleted_at IS NULL
        """;

    private static final String DELETE =
            "UPDATE agent SET deleted_at = :now, updated_at = :now WHERE id = :id AND deleted_at IS NULL";
    private static final String APPROVE = """
        UPDATE agent SET pending = false, updated_at = :now
         WHERE id = :id
           AND pending
           AND deleted_at IS NULL
        RETURNING same_device_as
        """;

    private final JdbcClient db;
    private final AgentQueries queries;
    private final AgentKeys keys;
    private final TransactionTemplate transaction;
    private final ApplicationEventPublisher events;
    private final InstantSource clock;
    private final LoadingCache<AgentId, Optional<Place>> places;

    Agents(
            JdbcClient db,
            AgentQueries queries,
            AgentKeys keys,
            TransactionTemplate transaction,
            ApplicationEventPublisher events,
            InstantSource clock) {
        this.db = db;
        this.queries = queries;
        this.keys = keys;
        this.transaction = transaction;
        this.events = events;
        this.clock = clock;
        this.places = Caffeine.newBuilder()
                .maximumSize(CACHED)
                .expireAfterWrite(FORGET_AFTER)
                .build(this::readPlace);
    }

    /** What an operator changes. A null site leaves it; name and tags may be set to null, so they come with a flag. */
    public record Patch(
            @Nullable SiteId site,
            boolean nameGiven,
            @Nullable String displayName,
            boolean tagsGiven,
            @Nullable Map<String, String> tags) {}

    /** Where a list goes on. @see AgentFilter */
    public List<Agent> page(AgentFilter filter, @Nullable UUID before, int limit) {
        return queries.page(filter, before, limit);
    }

    /** @return empty for an unknown or deleted one */
    public long count() {
        return queries.count();
    }

    /** Empty when there is none. */
    public Optional<Agent> find(AgentId agent) {
        return queries.find(agent);
    }

    /** @param osFamily linux, windows, macos or other */
    public record Place(SiteId site, String osFamily) {}

    /**
     * Where an agent stands, from a cache that lags at most 30 s behind what others write into the database and not at all behind this server. For the path of
     * commands, where each statement counts.
     *
     * @return empty for an unknown or deleted one
     */
    public Optional<Place> placeOf(AgentId agent) {
        Optional<Place> place = places.get(agent);
        if (place.isEmpty()) {
            places.invalidate(agent); // it may be enrolled a moment later
        }
        return place;
    }

    /** As {@link #placeOf}. */
    public Optional<SiteId> siteOf(AgentId agent) {
        return placeOf(agent).map(Place::site);
    }

    /** Where an agent stands, or stood when it was deleted: decides who may see what is left of it. Empty when nobody knows. */
    public Optional<SiteId> lastSiteOf(AgentId agent) {
        return db.sql(LAST_SITE_OF)
                .param("id", agent.value())
                .query((row, index) -> new SiteId(row.getObject("site_id", UUID.class)))
                .optional();
    }

    private Optional<Place> readPlace(AgentId agent) {
        return db.sql(PLACE_OF)
                .param("id", agent.value())
                .query((row, index) ->
                        new Place(new SiteId(row.getObject("site_id", UUID.class)), row.getString("os_family")))
                .optional();
    }

    /** @return false when there is no such agent */
    public boolean patch(AgentId agent, Patch patch) {
        boolean found = db.sql(PATCH)
                        .param("id", agent.value())
                        .param(
                                "site",
                                patch.site() == null ? null : patch.site().value())
                        .param("nameGiven", patch.nameGiven())
                        .param("name", patch.displayName())
                        .param("tagsGiven", patch.tagsGiven())
                        .param("tags", patch.tags() == null ? null : FleetJson.text(patch.tags()))
                        .param("now", clock.instant().atOffset(ZoneOffset.UTC))
                        .update()
                == 1;
        places.invalidate(agent);
        return found;
    }

    /** Publishes {@link AgentDeleted}. @return false when there is no such agent */
    public boolean delete(AgentId agent) {
        Instant now = clock.instant();
        boolean deleted = markDeleted(agent, now);
        if (deleted) {
            tellDeleted(agent, now);
        }
        return deleted;
    }

    private boolean markDeleted(AgentId agent, Instant now) {
        return db.sql(DELETE)
                        .param("id", agent.value())
                        .param("now", now.atOffset(ZoneOffset.UTC))
                        .update()
                == 1;
    }

    private void tellDeleted(AgentId agent, Instant at) {
        places.invalidate(agent);
        events.publishEvent(new AgentDeleted(agent, at));
    }

    /**
     * Accepts a pending agent. Publishes {@link AgentApproved}.
     *
     * @param replace deletes the agent that had enrolled with this device id before
     * @return false when it is not pending
     */
    public boolean approve(AgentId agent, boolean replace) {
        Instant now = clock.instant();
        record Approved(@Nullable AgentId retired) {}
        Optional<Approved> approved = transaction.execute(status -> db.sql(APPROVE)
                .param("id", agent.value())
                .param("now", now.atOffset(ZoneOffset.UTC))
                .query((row, index) -> Optional.ofNullable(row.getObject("same_device_as", UUID.class)))
                .optional()
                .map(predecessor -> new Approved(predecessor
                        .filter(unused -> replace)
                        .map(AgentId::new)
                        .filter(before -> markDeleted(before, now))
                        .orElse(null))));
        if (approved == null || approved.isEmpty()) {
            return false;
        }
        AgentId retired = approved.get().retired();
        if (retired != null) {
            tellDeleted(retired, now);
        }
        events.publishEvent(new AgentApproved(agent, now));
        return true;
    }

    /** The agent gets a new key at its next Auth. @return false when there is no such agent */
    public boolean rotateKey(AgentId agent) {
        return readPlace(agent).isPresent() && keys.requestRotation(agent);
    }
}
