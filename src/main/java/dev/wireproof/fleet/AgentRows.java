package dev.wireproof.fleet;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.SiteId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ServerMessage.AgentConfig;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** What admission reads and writes of the table agent. */
@Component
class AgentRows {
    private static final String DESCRIPTION =
            "hostname, os_family, os_name, os_version, os_arch, agent_version, capabilities::text, reported_tags::text";

    /** One statement for each reconnect: the agent and the configuration that it gets, its own before its site's. */
    private static final String KNOWN =
            "SELECT a.site_id, a.pending, a.deleted_at IS NOT NULL AS deleted, " + DESCRIPTION + """
                , c.version, c.body::text AS body
                  FROM agent a
                  LEFT JOIN LATERAL (
                       (SELECT version, body, 0 AS rank FROM config WHERE agent_id = a.id ORDER BY version DESC LIMIT 1)
                       UNION ALL
                       (SELECT version, body, 1 FROM config WHERE site_id = a.site_id ORDER BY version DESC LIMIT 1)
                       ORDER BY rank
                       LIMIT 1) c ON true
                 WHERE a.id = :id
                """;

    private static final String DESCRIBE = """
        UPDATE agent
           SET hostname = :hostname, os_family = :osFamily, os_name = :osName, os_version = :osVersion,
               os_arch = :osArch, agent_version = :agentVersion, capabilities = :capabilities::jsonb,
               reported_tags = :tags::jsonb, updated_at = :now
         WHERE id = :id
           AND deleted_at IS NULL
        """;
    private static final String INSERT = """
        INSERT INTO agent (id, site_id, device_id, hostname, os_family, os_name, os_version, os_arch, agent_version,
                           capabilities, reported_tags, pending, same_device_as, enrolled_with, created_at, updated_at)
        VALUES (:id, :site, :device, :hostname, :osFamily, :osName, :osVersion, :osArch, :agentVersion,
                :capabilities::jsonb, :tags::jsonb, :pending, :sameDeviceAs, :enrolledWith, :now, :now)
        """;
    /** Held to the end of the transaction: two Auths of one new device come one after the other. */
    private static final String LOCK_DEVICE = "SELECT pg_advisory_xact_lock(hashtextextended(:device, 5871))";

    private static final String SAME_DEVICE = """
        SELECT id, site_id, pending, enrolled_with, enrollment_confirmed_at IS NOT NULL AS confirmed
          FROM agent
         WHERE device_id = :device
           AND deleted_at IS NULL
         ORDER BY id
         LIMIT 100
        """;
    private static final String CONFIRM = """
        UPDATE agent SET enrollment_confirmed_at = :now
         WHERE id = ANY (:ids::uuid[])
           AND enrollment_confirmed_at IS NULL
        """;

    private final JdbcClient db;
    private final InstantSource clock;

    AgentRows(JdbcClient db, InstantSource clock) {
        this.db = db;
        this.clock = clock;
    }

    /** @param site null only when deleted */
    record Known(
            @Nullable SiteId site,
            boolean pending,
            boolean deleted,
            AgentDescription description,
            long configVersion,
            AgentConfig config) {}

    record SameDevice(AgentId id, SiteId site, boolean pending, UUID enrolledWith, boolean confirmed) {}

    Optional<Known> known(AgentId agent) {
        return db.sql(KNOWN).param("id", agent.value()).query(AgentRows::known).optional();
    }

    void describe(AgentId agent, AgentDescription told) {
        described(DESCRIBE, told).param("id", agent.value()).update();
    }

    void insert(
            AgentId agent,
            SiteId site,
            String device,
            AgentDescription told,
            @Nullable AgentId sameDeviceAs,
            UUID enrolledWith) {
        described(INSERT, told)
                .param("id", agent.value())
                .param("site", site.value())
                .param("device", device)
                .param("pending", sameDeviceAs != null)
                .param("sameDeviceAs", sameDeviceAs == null ? null : sameDeviceAs.value())
                .param("enrolledWith", enrolledWith)
                .update();
    }

    private JdbcClient.StatementSpec described(String sql, AgentDescription told) {
        return db.sql(sql)
                .param("hostname", told.hostname())
                .param("osFamily", told.os().family())
                .param("osName", told.os().name())
                .param("osVersion", told.os().version())
                .param("osArch", told.os().arch())
                .param("agentVersion", told.agentVersion())
                .param("capabilities", FleetJson.text(told.capabilities()))
                .param("tags", FleetJson.text(told.tags()))
                .param("now", now());
    }

    /** Inside a transaction. Oldest first, at most 100. */
    List<SameDevice> lockDevice(String device) {
        db.sql(LOCK_DEVICE).param("device", device).query((row, index) -> true).single();
        return db.sql(SAME_DEVICE)
                .param("device", device)
                .query(AgentRows::sameDevice)
                .list();
    }

    void confirmEnrollment(Collection<AgentId> agents) {
        db.sql(CONFIRM)
                .param("ids", agents.stream().map(AgentId::toString).collect(Collectors.joining(",", "{", "}")))
                .param("now", now())
                .update();
    }

    private OffsetDateTime now() {
        return clock.instant().atOffset(ZoneOffset.UTC);
    }

    private static SameDevice sameDevice(ResultSet row, int index) throws SQLException {
        return new SameDevice(
                new AgentId(row.getObject("id", UUID.class)),
                new SiteId(row.getObject("site_id", UUID.class)),
                row.getBoolean("pending"),
                row.getObject("enrolled_with", UUID.class),
                row.getBoolean("confirmed"));
    }

    private static Known known(ResultSet row, int index) throws SQLException {
        String body = row.getString("body");
        UUID site = row.getObject("site_id", UUID.class);
        return new Known(
                site == null ? null : new SiteId(site),
                row.getBoolean("pending"),
                row.getBoolean("deleted"),
                new AgentDescription(
                        row.getString("hostname"),
                        new AgentMessage.Os(
                                row.getString("os_family"),
                                row.getString("os_name"),
                                row.getString("os_version"),
                                row.getString("os_arch")),
                        row.getString("agent_version"),
                        FleetJson.strings(row.getString("capabilities")),
                        FleetJson.tags(row.getString("reported_tags"))),
                row.getLong("version"),
                body == null ? Configs.DEFAULT : FleetJson.config(body));
    }
}
