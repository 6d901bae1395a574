package dev.wireproof.fleet;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.SiteId;
import dev.wireproof.protocol.AgentMessage;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** What the lists read of the table agent. */
@Component
class AgentQueries {
    private static final String COLUMNS = """
        SELECT id, site_id, device_id, hostname, display_name, os_family, os_name, os_version, os_arch, agent_version,
               capabilities::text AS capabilities, coalesce(operator_tags, reported_tags)::text AS tags,
               pending, same_device_as, created_at,
               (SELECT same.site_id FROM agent same WHERE same.id = agent.same_device_as) AS same_device_site
          FROM agent
        """;
    private static final String BY_ID = COLUMNS + " WHERE id = :id AND deleted_at IS NULL";
    private static final String COUNT = "SELECT count(*) FROM agent WHERE deleted_at IS NULL";
    private static final String PAGE = COLUMNS + """
         WHERE deleted_at IS NULL
           AND (:before::uuid IS NULL OR id < :before::uuid)
           AND (:sites::uuid[] IS NULL OR site_id = ANY (:sites::uuid[]))
           AND (:pending::boolean IS NULL OR pending = :pending::boolean)
           AND (:among::uuid[] IS NULL OR id = ANY (:among::uuid[]))
           AND (:notAmong::uuid[] IS NULL OR NOT id = ANY (:notAmong::uuid[]))
           AND (:tag::text IS NULL
                OR jsonb_exists(coalesce(operator_tags, reported_tags), :tag::text)
                OR coalesce(operator_tags, reported_tags) @> :pair::jsonb)
           AND (:osFamily::text IS NULL OR os_family = :osFamily::text)
           AND (:text::text IS NULL
                OR strpos(lower(hostname), :text::text) > 0
                OR strpos(lower(coalesce(display_name, '')), :text::text) > 0
                OR strpos(id::text, :text::text) > 0)
         ORDER BY id DESC
         LIMIT :limit
        """;

    private final JdbcClient db;

    AgentQueries(JdbcClient db) {
        this.db = db;
    }

    Optional<Agent> find(AgentId agent) {
        return db.sql(BY_ID).param("id", agent.value()).query(AgentQueries::row).optional();
    }

    long count() {
        return db.sql(COUNT).query(Long.class).single();
    }

    /** Newest first. */
    List<Agent> page(AgentFilter filter, @Nullable UUID before, int limit) {
        String tag = filter.tag();
        String text = filter.text();
        return db.sql(PAGE)
                .param("before", before)
                .param("sites", array(filter.sites()))
                .param("pending", filter.pending())
                .param("among", array(filter.among()))
                .param("notAmong", array(filter.notAmong()))
                .param("tag", tag)
                .param("pair", tag == null ? null : pair(tag))
                .param("osFamily", filter.osFamily())
                .param("text", text == null ? null : text.toLowerCase(Locale.ROOT))
                .param("limit", limit)
                .query(AgentQueries::row)
                .list();
    }

    /** What has key and value as JSON; null when it is a key alone. */
    private static @Nullable String pair(String tag) {
        for (int i = 0; i < tag.length(); i++) {
            if (tag.charAt(i) == '=' || tag.charAt(i) == ':') {
                return FleetJson.text(Map.of(tag.substring(0, i), tag.substring(i + 1)));
            }
        }
        return null;
    }

    /** The ids' own text, as PostgreSQL writes an array. */
    private static @Nullable String array(@Nullable Collection<?> ids) {
        return ids == null ? null : ids.stream().map(Object::toString).collect(Collectors.joining(",", "{", "}"));
    }

    private static Agent row(ResultSet row, int index) throws SQLException {
        UUID same = row.getObject("same_device_as", UUID.class);
        UUID sameSite = row.getObject("same_device_site", UUID.class);
        return new Agent(
                new AgentId(row.getObject("id", UUID.class)),
                new SiteId(row.getObject("site_id", UUID.class)),
                row.getString("device_id"),
                row.getString("hostname"),
                row.getString("display_name"),
                new AgentMessage.Os(
                        row.getString("os_family"),
                        row.getString("os_name"),
                        row.getString("os_version"),
                        row.getString("os_arch")),
                row.getString("agent_version"),
                FleetJson.strings(row.getString("capabilities")),
                FleetJson.tags(row.getString("tags")),
                row.getBoolean("pending"),
                same == null ? null : new AgentId(same),
                sameSite == null ? null : new SiteId(sameSite),
                row.getObject("created_at", OffsetDateTime.class).toInstant());
    }
}
