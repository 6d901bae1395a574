package dev.wireproof.fleet;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.SiteId;
import dev.wireproof.protocol.ServerMessage.AgentConfig;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/**
 * Configurations of agents: each change is a new version and none is edited. An agent gets its own newest one, else its site's newest,
 * else {@link #DEFAULT}, which is version 0.
 */
@Component
public class Configs {
    public static final AgentConfig DEFAULT =
            new AgentConfig(30, 8, 16L << 20, List.of("sh", "bash", "python", "powershell", "cmd"), false);

    private static final String COLUMNS = "version, site_id, agent_id, body::text AS body, created_at, created_by";
    private static final String EFFECTIVE = "(SELECT " + COLUMNS
            + ", 0 AS rank FROM config WHERE agent_id = :agent ORDER BY version DESC LIMIT 1)"
            + " UNION ALL (SELECT " + COLUMNS + ", 1 FROM config WHERE site_id = :site ORDER BY version DESC LIMIT 1)"
            + " ORDER BY rank LIMIT 1";
    private static final String BY_VERSION = "SELECT " + COLUMNS + " FROM config WHERE version = :version";
    private static final String INSERT = """
        INSERT INTO config (site_id, agent_id, body, created_at, created_by)
        VALUES (:site, :agent, :body::jsonb, :now, :by)
        RETURNING version
        """;
    private static final String PAGE = "SELECT " + COLUMNS + """
           FROM config c
          WHERE (:before::bigint IS NULL OR version < :before)
            AND (:allSites
                 OR site_id = ANY (:sites::uuid[])
                 OR EXISTS (SELECT 1 FROM agent a WHERE a.id = c.agent_id AND a.site_id = ANY (:sites::uuid[])))
          ORDER BY version DESC
          LIMIT :limit
        """;

    private final JdbcClient db;
    private final InstantSource clock;
    private final ApplicationEventPublisher events;

    Configs(JdbcClient db, InstantSource clock, ApplicationEventPublisher events) {
        this.db = db;
        this.clock = clock;
        this.events = events;
    }

    /** @param version 0 for the default */
    public record Effective(long version, AgentConfig config) {}

    /** Exactly one of site and agent is set. */
    public record Config(
            long version,
            @Nullable SiteId site,
            @Nullable AgentId agent,
            AgentConfig config,
            Instant createdAt,
            String createdBy) {}

    public Effective effective(AgentId agent, SiteId site) {
        return db.sql(EFFECTIVE)
                .param("agent", agent.value())
                .param("site", site.value())
                .query(Configs::row)
                .optional()
                .map(config -> new Effective(config.version(), config.config()))
                .orElseGet(() -> new Effective(0, DEFAULT));
    }

    public Optional<Config> find(long version) {
        return db.sql(BY_VERSION).param("version", version).query(Configs::row).optional();
    }

    /** Newest first. @param sites null: all */
    public List<Config> page(@Nullable Collection<SiteId> sites, @Nullable Long before, int limit) {
        return db.sql(PAGE)
                .param("before", before)
                .param("allSites", sites == null)
                .param(
                        "sites",
                        sites == null
                                ? "{}"
                                : sites.stream().map(SiteId::toString).collect(Collectors.joining(",", "{", "}")))
                .param("limit", limit)
                .query(Configs::row)
                .list();
    }

    /** Exactly one of site and agent is given. */
    public Config create(@Nullable SiteId site, @Nullable AgentId agent, AgentConfig config, String createdBy) {
        long version = db.sql(INSERT)
                .param("site", site == null ? null : site.value())
                .param("agent", agent == null ? null : agent.value())
                .param("body", FleetJson.text(config))
                .param("now", clock.instant().atOffset(ZoneOffset.UTC))
                .param("by", createdBy)
                .query(Long.class)
                .single();
        events.publishEvent(new ConfigChanged(site, agent, version));
        return find(version).orElseThrow();
    }

    private static Config row(ResultSet row, int index) throws SQLException {
        UUID site = row.getObject("site_id", UUID.class);
        UUID agent = row.getObject("agent_id", UUID.class);
        return new Config(
                row.getLong("version"),
                site == null ? null : new SiteId(site),
                agent == null ? null : new AgentId(agent),
                FleetJson.config(row.getString("body")),
                row.getObject("created_at", OffsetDateTime.class).toInstant(),
                row.getString("created_by"));
    }
}
