package dev.wireproof.diagnosis;

import dev.wireproof.access.SiteArrays;
import dev.wireproof.connection.AgentLine;
import dev.wireproof.connection.AgentLines;
import dev.wireproof.diagnosis.Incidents.Member;
import dev.wireproof.diagnosis.Incidents.Signature;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.SiteId;
import dev.wireproof.id.Uuids;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Reads what {@link Incidents} and the summary are made of. */
final class FleetReader implements FleetHealth {
    private static final Duration LATELY = Duration.ofHours(24);
    private static final int RECONNECTS_WITHIN_MINUTES = 10;

    private static final String AGENTS = """
        SELECT a.id, a.pending, l.conflicted_since IS NOT NULL AS conflicted
          FROM agent a
          LEFT JOIN agent_line l ON l.agent_id = a.id
         WHERE a.deleted_at IS NULL
           AND (:anySite OR a.site_id = ANY (:sites))
        """;
    private static final String STATES = """
        SELECT state AS name, count(*) AS n FROM command
         WHERE id >= :from AND (:anySite OR site_id = ANY (:sites)) GROUP BY 1
        """;
    private static final String VERDICTS = """
        SELECT verdict AS name, count(*) AS n
          FROM (SELECT DISTINCT ON (agent_id) agent_id, verdict FROM diagnosis
                 WHERE id >= :from AND status = 'done' AND kind <> 'first_round'
                   AND (:anySite OR site_id = ANY (:sites))
                 ORDER BY agent_id, id DESC) newest
         GROUP BY 1
        """;

    /** The newest diagnosis counts while nothing was acknowledged after it. */
    private static final String FLEET = """
        SELECT a.id, a.site_id, s.name AS site, a.agent_version, a.os_family, a.os_name, a.os_version,
               c.remote_address, c.proxied_for, c.opened_at, c.closed_at,
               coalesce((SELECT max(version) FROM config WHERE agent_id = a.id),
                        (SELECT max(version) FROM config WHERE site_id = a.site_id), 0) AS config_version,
               d.verdict, d.underlying_verdict, d.rung, d.limit_reached, d.began_with, d.started_at, d.finished_at,
               (SELECT max(newest.acked_at)
                  FROM (SELECT acked_at FROM command WHERE agent_id = a.id ORDER BY seq DESC LIMIT 20) newest) AS acked_at
          FROM agent a
          JOIN site s ON s.id = a.site_id
          LEFT JOIN LATERAL (SELECT * FROM connection WHERE agent_id = a.id ORDER BY epoch DESC LIMIT 1) c ON true
          LEFT JOIN LATERAL (SELECT * FROM diagnosis
                              WHERE agent_id = a.id AND id >= :from AND status = 'done' AND kind <> 'first_round'
                              ORDER BY id DESC LIMIT 1) d ON true
         WHERE a.deleted_at IS NULL
           AND NOT a.pending
           AND (:anySite OR a.site_id = ANY (:sites))
        """;

    private final JdbcClient db;
    private final AgentLines lines;
    private final InstantSource clock;
    private final String node;

    FleetReader(JdbcClient db, AgentLines lines, InstantSource clock) {
        this.db = db;
        this.lines = lines;
        this.clock = clock;
        this.node = nodeName();
    }

    private static String nodeName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "this server";
        }
    }

    @Override
    public Summary summary(@Nullable Set<SiteId> sites) {
        return new Summary(statuses(sites), counts(STATES, sites), counts(VERDICTS, sites));
    }

    private Map<String, Long> statuses(@Nullable Set<SiteId> sites) {
        Map<AgentId, AgentLine.Status> onLine = lines.statuses();
        Map<String, Long> counts = new TreeMap<>();
        scoped(AGENTS, sites).query((ResultSet row) -> {
            AgentLine.Status status = row.getBoolean("conflicted")
                    ? AgentLine.Status.CONFLICTED
                    : onLine.getOrDefault(new AgentId(row.getObject("id", UUID.class)), AgentLine.Status.OFFLINE);
            String name = row.getBoolean("pending") ? "pending" : status.name().toLowerCase(Locale.ROOT);
            counts.merge(name, 1L, Long::sum);
        });
        return counts;
    }

    private Map<String, Long> counts(String sql, @Nullable Set<SiteId> sites) {
        Map<String, Long> counts = new LinkedHashMap<>();
        scoped(sql, sites).query((ResultSet row) -> {
            counts.put(row.getString("name"), row.getLong("n"));
        });
        return counts;
    }

    private JdbcClient.StatementSpec scoped(String sql, @Nullable Set<SiteId> sites) {
        JdbcClient.StatementSpec statement =
                db.sql(sql).param("anySite", sites == null).param("sites", SiteArrays.of(sites));
        return sql.contains(":from") ? statement.param("from", lately()) : statement;
    }

    /** Ids of version 7 sort by time. */
    private UUID lately() {
        UUID then = Uuids.version7(clock.instant().minus(LATELY));
        return new UUID(then.getMostSignificantBits() & ~0xFFFL, 0x8000_0000_0000_0000L);
    }

    @Override
    public List<Incident> incidents(@Nullable Set<SiteId> sites) {
        return Incidents.of(scoped(FLEET, sites).query(this::member).list().stream()
                .filter(member -> member.agent() != NOBODY)
                .toList());
    }

    private static final AgentId NOBODY = new AgentId(new UUID(0, 0));

    /** Who is neither failing nor connected says nothing about the others. */
    private Member member(ResultSet row, int number) throws SQLException {
        Signature failing = failing(row);
        boolean connected = row.getObject("opened_at") != null && row.getObject("closed_at") == null;
        if (failing == null && !connected) {
            return new Member(NOBODY, null, Instant.EPOCH, Map.of());
        }
        OffsetDateTime since = row.getObject("started_at", OffsetDateTime.class);
        return new Member(
                new AgentId(row.getObject("id", UUID.class)),
                failing,
                since == null ? Instant.EPOCH : since.toInstant(),
                attributes(row));
    }

    private static @Nullable Signature failing(ResultSet row) throws SQLException {
        Verdict verdict = verdict(row.getString("verdict"));
        if (verdict == Verdict.PERSISTENT_AFTER_RECONNECT) {
            verdict = verdict(row.getString("underlying_verdict"));
        }
        if (verdict == null || !verdict.failing() || verdict == Verdict.INCONCLUSIVE) {
            return null;
        }
        OffsetDateTime acked = row.getObject("acked_at", OffsetDateTime.class);
        OffsetDateTime finished = row.getObject("finished_at", OffsetDateTime.class);
        if (acked != null && finished != null && acked.isAfter(finished)) {
            return null;
        }
        return new Signature(
                verdict,
                row.getString("rung"),
                row.getObject("limit_reached", Boolean.class),
                row.getString("began_with"));
    }

    private static @Nullable Verdict verdict(@Nullable String name) {
        return name == null ? null : Verdict.ofWireName(name).orElse(null);
    }

    private Map<String, String> attributes(ResultSet row) throws SQLException {
        String remote = row.getString("remote_address");
        String proxied = row.getString("proxied_for");
        OffsetDateTime opened = row.getObject("opened_at", OffsetDateTime.class);
        Map<String, String> attributes = new LinkedHashMap<>();
        attributes.put("site", shown(row.getString("site")));
        attributes.put("remote_network", network(proxied == null ? remote : proxied));
        attributes.put("proxy", proxied == null ? "none" : shown(remote));
        attributes.put("agent_version", shown(row.getString("agent_version")));
        attributes.put(
                "os",
                shown(row.getString("os_family") + " " + row.getString("os_name") + " " + row.getString("os_version")));
        attributes.put("config_version", row.getString("config_version"));
        attributes.put("server_node", node);
        attributes.put("last_reconnect", opened == null ? "unknown" : bucket(opened.toInstant()));
        return attributes;
    }

    private static String bucket(Instant at) {
        long minutes = at.getEpochSecond() / 60;
        return Instant.ofEpochSecond((minutes - minutes % RECONNECTS_WITHIN_MINUTES) * 60)
                .truncatedTo(ChronoUnit.MINUTES)
                .toString();
    }

    /** The first three parts of an IPv4 address, the first four of an IPv6 one. */
    static String network(@Nullable String address) {
        if (address == null) {
            return "unknown";
        }
        boolean v6 = address.indexOf(':') >= 0;
        String[] parts = address.split(v6 ? ":" : "\\.", -1);
        int kept = v6 ? 4 : 3;
        return parts.length <= kept
                ? shown(address)
                : shown(String.join(v6 ? ":" : ".", List.of(parts).subList(0, kept)) + (v6 ? "::/64" : ".0/24"));
    }

    private static String shown(@Nullable String text) {
        return text == null ? "unknown" : Quoted.plain(text, 120);
    }
}
