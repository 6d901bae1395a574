package dev.wireproof.connection;

import dev.wireproof.fleet.AgentAdmission;
import dev.wireproof.fleet.Agents;
import dev.wireproof.fleet.Configs;
import dev.wireproof.kernel.SocketDiag;
import dev.wireproof.signing.CommandSigning;
import dev.wireproof.telemetry.FrameRecorder;
import dev.wireproof.telemetry.TelemetryProperties;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import javax.sql.DataSource;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.info.BuildProperties;
import org.springframework.boot.jetty.servlet.JettyServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Wires the room. The registry needs nothing, so that other rooms may hold it and be handlers and listeners all the same; the web
 * server gets a closed door early and {@link ConnectionLifecycle} opens it when all is wired.
 */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(ConnectionProperties.class)
class ConnectionConfiguration {

    @Bean
    LiveConnections liveConnections() {
        return new LiveConnections();
    }

    @Bean
    FleetEvents fleetEvents(LiveConnections registry) {
        return new FleetEvents(registry);
    }

    @Bean
    ConfigPush configPush(LiveConnections registry, Configs configs, Agents agents) {
        return new ConfigPush(registry, configs, agents);
    }

    @Bean
    UpgradeDoor upgradeDoor() {
        return new UpgradeDoor();
    }

    @Bean
    static WebServerFactoryCustomizer<JettyServletWebServerFactory> doorInFront(ObjectProvider<UpgradeDoor> door) {
        return factory -> factory.addServerCustomizers(
                server -> server.insertHandler(door.getObject()), WholeCloseConnector::replaceIn);
    }

    @Bean
    EpochStore epochStore(JdbcClient db) {
        return new EpochStore(db);
    }

    @Bean
    ConnectionRetention connectionRetention(JdbcClient db, InstantSource clock, TelemetryProperties telemetry) {
        return new ConnectionRetention(db, clock, telemetry.summaryRetention());
    }

    @Bean(destroyMethod = "close")
    ConnectionRows connectionRows(DataSource database, InstantSource clock) {
        return new ConnectionRows(database, clock);
    }

    @Bean
    ConnectionQueries connectionQueries(
            JdbcClient db, LiveConnections registry, ConnectionRows rows, SocketWatch sockets) {
        return new ConnectionQueries(db, registry, rows, sockets);
    }

    @Bean
    AgentLines agentLines(JdbcClient db, EpochStore epochs, Switchboard board) {
        return new AgentLines(db, epochs, board);
    }

    @Bean
    ConnectionMetrics connectionMetrics(
            MeterRegistry meters, LiveConnections registry, FrameRecorder recorder, SocketDiag kernel) {
        ConnectionMetrics metrics = new ConnectionMetrics(meters);
        metrics.gauge("wireproof.agents.online", registry, LiveConnections::liveCount);
        for (Deadlines.Phase phase : Deadlines.Phase.values()) {
            metrics.gauge(
                    "wireproof.connections",
                    "state",
                    phase.name().toLowerCase(Locale.ROOT),
                    registry,
                    all -> all.count(connection -> connection.course().phase() == phase));
        }
        metrics.gauge("wireproof.connections.suspect", registry, all -> all.count(Connection::suspect));
        metrics.gauge(
                "wireproof.outbound.waiting.frames",
                registry,
                all -> all.sum(c -> c.outbox().frames()));
        metrics.gauge(
                "wireproof.outbound.waiting.bytes",
                registry,
                all -> all.sum(c -> c.outbox().bytes()));
        for (FrameRecorder.Worth worth : FrameRecorder.Worth.values()) {
            metrics.count(
                    "wireproof.telemetry.shed.rows",
                    "kind",
                    worth.name().toLowerCase(Locale.ROOT),
                    recorder,
                    from -> from.shed(worth));
        }
        metrics.count("wireproof.telemetry.shed.rows", "kind", "heartbeat", recorder, FrameRecorder::heartbeatsShed);
        metrics.count("wireproof.telemetry.refused.rows", recorder, FrameRecorder::refused);
        metrics.count("wireproof.telemetry.write.failures", recorder, FrameRecorder::writeFailures);
        metrics.gauge("wireproof.telemetry.waiting.rows", recorder, FrameRecorder::waiting);
        metrics.gauge("wireproof.kernel.view", kernel, view -> view.answers() ? 1 : 0);
        return metrics;
    }

    @Bean
    SocketWatch socketWatch(SocketDiag kernel, LiveConnections registry) {
        return new SocketWatch(kernel, registry);
    }

    @Bean
    Switchboard switchboard(
            ConnectionProperties settings,
            InstantSource clock,
            FrameRecorder recorder,
            LiveConnections registry,
            ConnectionRows rows,
            AgentAdmission admission,
            List<ConnectionListener> listeners,
            ConnectionMetrics metrics) {
        return new Switchboard(
                settings, clock, System::nanoTime, recorder, registry, rows, admission, listeners, metrics);
    }

    @Bean
    ConnectionLifecycle connectionLifecycle(
            UpgradeDoor door,
            Switchboard board,
            AgentAdmission admission,
            EpochStore epochs,
            List<AgentMessageHandler<?>> handlers,
            ConnectionRetention retention,
            SocketWatch sockets,
            CommandSigning signing,
            ObjectProvider<BuildProperties> build) {
        BuildProperties known = build.getIfAvailable();
        String version = known == null || known.getVersion() == null ? "development" : known.getVersion();
        Welcome welcome = new Welcome(admission, epochs, board, version, signing.keys());
        return new ConnectionLifecycle(door, board, new Inbox(welcome, handlers), retention, sockets);
    }
}
