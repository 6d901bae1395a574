package dev.wireproof.diagnosis;

import dev.wireproof.background.RepeatingTask;
import dev.wireproof.command.Commands;
import dev.wireproof.connection.AgentLines;
import dev.wireproof.connection.ConnectionProperties;
import dev.wireproof.connection.ConnectionQueries;
import dev.wireproof.connection.ConnectionRegistry;
import dev.wireproof.connection.SocketWatch;
import dev.wireproof.diagnosis.Observations.Waits;
import dev.wireproof.fleet.Agents;
import dev.wireproof.fleet.Configs;
import dev.wireproof.telemetry.FrameLog;
import dev.wireproof.telemetry.FrameRecorder;
import dev.wireproof.telemetry.HeartbeatLog;
import dev.wireproof.telemetry.TelemetryProperties;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Wires the room. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(DiagnosisProperties.class)
class DiagnosisConfiguration {
    private static final Duration ACK_WAIT = Duration.ofSeconds(5);
    private static final Duration LOOK = Duration.ofMillis(500);
    private static final Duration FORGET = Duration.ofHours(1);
    private static final Duration PATIENCE = Duration.ofSeconds(3);
    /** After the rooms that it reads, and ended before them. */
    private static final int PHASE = 3_000;

    @Bean
    AgentFaults agentFaults() {
        return new AgentFaults();
    }

    @Bean(destroyMethod = "close")
    SessionNotes sessionNotes(DataSource database) {
        return new SessionNotes(database);
    }

    @Bean
    DiagnosisRoom diagnosisRoom(
            JdbcClient db,
            Telemetry telemetry,
            Commands commands,
            Agents agents,
            Configs configs,
            ConnectionRegistry registry,
            ConnectionQueries connections,
            SocketWatch sockets,
            AgentFaults faults,
            Waits waits,
            InstantSource clock,
            ObjectProvider<DiagnosisObserver> observer,
            @Value("${wireproof.home:./data}") Path home) {
        SceneReader scenes = new SceneReader(
                db,
                telemetry.frames(),
                telemetry.recorder(),
                telemetry.heartbeats(),
                registry,
                connections,
                faults,
                new KernelView(sockets),
                waits,
                clock);
        Examiner examiner = new Examiner(scenes, registry, new Comparison(db, commands), waits);
        Signatures signatures = new Signatures(db);
        DiagnosisTable table = new DiagnosisTable(db, observer.getIfAvailable(() -> DiagnosisObserver.NONE));
        Probes probes = new Probes(
                new Probes.Tools(commands, agents, configs, registry, scenes, examiner, signatures, table, clock));
        CommandTimeline timeline = new CommandTimeline(commands, telemetry.frames(), telemetry.heartbeats());
        Supplier<EvidenceKey> key = kept(home);
        return new DiagnosisRoom(
                new StoredDiagnoses(
                        table, probes, timeline, new EvidenceBundle(db, commands, timeline, key, clock), key),
                probes,
                new AutomaticDiagnoses(db, commands, examiner, signatures, table, clock),
                table);
    }

    /** A server whose home cannot be written works all the same; it only has no evidence to give. */
    private static Supplier<EvidenceKey> kept(Path home) {
        AtomicReference<@Nullable EvidenceKey> kept = new AtomicReference<>();
        return () -> {
            EvidenceKey key = kept.get();
            if (key == null) {
                key = EvidenceKey.in(home);
                kept.set(key);
            }
            return key;
        };
    }

    /** What was seen, in one hand. */
    record Telemetry(FrameLog frames, FrameRecorder recorder, HeartbeatLog heartbeats) {}

    @Bean
    Telemetry diagnosisTelemetry(FrameLog frames, FrameRecorder recorder, HeartbeatLog heartbeats) {
        return new Telemetry(frames, recorder, heartbeats);
    }

    @Bean
    Waits diagnosisWaits(Environment environment, ConnectionProperties connection, DiagnosisProperties settings) {
        List<Duration> ackWaits = Binder.get(environment)
                .bind("wireproof.delivery.ack-wait", Bindable.listOf(Duration.class))
                .orElse(List.of(ACK_WAIT));
        Duration ackWait = ackWaits.isEmpty() ? ACK_WAIT : ackWaits.getFirst();
        return new Waits(
                ackWait.toMillis(),
                settings.answerWait().toMillis(),
                Math.min(
                        connection.writeStallTimeout().toMillis(),
                        settings.answerWait().toMillis()));
    }

    /** The room, put together. */
    record DiagnosisRoom(Diagnoses diagnoses, Probes probes, AutomaticDiagnoses automatic, DiagnosisTable table) {}

    @Bean
    Diagnoses diagnoses(DiagnosisRoom room) {
        return room.diagnoses();
    }

    @Bean
    FleetHealth fleetHealth(JdbcClient db, AgentLines lines, InstantSource clock) {
        return new FleetReader(db, lines, clock);
    }

    @Bean
    SmartLifecycle diagnosisLoops(
            DiagnosisRoom room, TelemetryProperties telemetry, JdbcClient db, InstantSource clock) {
        return new SmartLifecycle() {
            private volatile List<RepeatingTask> loops = List.of();

            @Override
            public void start() {
                room.probes().endLeftOver();
                loops = List.of(
                        RepeatingTask.start("diagnoses", LOOK, PATIENCE, room.automatic()::runOnce),
                        RepeatingTask.start("diagnoses-forgotten", FORGET, PATIENCE, this::forget));
            }

            private void forget() {
                room.table().forget(clock.instant().minus(telemetry.summaryRetention()));
                for (String table : List.of("session_instance", "config_refusal")) {
                    db.sql("DELETE FROM " + table + " WHERE at < :before")
                            .param("before", DiagnosisTable.utc(clock.instant().minus(telemetry.retention())))
                            .update();
                }
            }

            @Override
            public void stop() {
                room.probes().stop();
                loops.forEach(RepeatingTask::close);
                loops = List.of();
            }

            @Override
            public boolean isRunning() {
                return !loops.isEmpty();
            }

            @Override
            public int getPhase() {
                return PHASE;
            }
        };
    }
}
