package dev.wireproof.command;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.wireproof.access.ApiTokens;
import dev.wireproof.background.RepeatingTask;
import dev.wireproof.connection.AgentMessageHandler;
import dev.wireproof.connection.ConnectionListener;
import dev.wireproof.fleet.AgentDeleted;
import dev.wireproof.protocol.AgentMessage.CommandAck;
import dev.wireproof.protocol.AgentMessage.CommandLedger;
import dev.wireproof.protocol.AgentMessage.CommandNack;
import dev.wireproof.protocol.AgentMessage.CommandOutput;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.AgentMessage.CommandStarted;
import dev.wireproof.protocol.AgentMessage.Heartbeat;
import dev.wireproof.signing.CommandSigning;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ThreadLocalRandom;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.dao.DataAccessException;

/** Hands the room's parts to the application, starts them, and stops them in order. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({DeliveryProperties.class, CommandProperties.class})
class CommandConfiguration {
    /** The writers are there before the first connection, and store until the last one is closed. */
    static final int WRITERS_PHASE = 0;
    /** What was seen of commands is stored until after the last connection is closed. */
    static final int RUNGS_PHASE = 2_000;
    /** Loops that begin things end before connections are closed: above the phase of the connection room. */
    static final int LOOPS_PHASE = SmartLifecycle.DEFAULT_PHASE - 256;

    /** Connections for the reaper and for lines that open. */
    private static final int BESIDE_WRITERS = 6;

    private static final Duration FLUSH = Duration.ofMillis(200);
    private static final Duration TICK = Duration.ofSeconds(1);
    private static final Duration FORGET = Duration.ofMinutes(10);
    private static final Duration ORPHANS = Duration.ofSeconds(30);
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    /** The room's own connections; no DataSource of the application, so that nobody else takes one. */
    record OwnConnections(HikariDataSource pool) implements AutoCloseable {
        @Override
        public void close() {
            pool.close();
        }
    }

    /** A report that takes every connection of the API must not stop what agents say and what is due. */
    @Bean
    OwnConnections commandConnections(DataSource database, CommandProperties command) throws SQLException {
        HikariConfig same = new HikariConfig();
        database.unwrap(HikariDataSource.class).copyStateTo(same);
        same.setPoolName("command");
        same.setMaximumPoolSize(command.writers() + BESIDE_WRITERS);
        same.setMinimumIdle(command.writers());
        return new OwnConnections(new HikariDataSource(same));
    }

    @Bean
    CommandRoom commandRoom(
            DataSource database,
            OwnConnections own,
            InstantSource clock,
            DeliveryProperties delivery,
            CommandProperties command,
            CommandSigning signing,
            ObjectProvider<DeliveryObserver> observer) {
        return new CommandRoom(
                database,
                own.pool(),
                clock,
                new DeliveryPolicy(delivery.ackWait(), delivery.maxAttempts(), command.resultGrace()),
                command.writers(),
                () -> ThreadLocalRandom.current().nextDouble(-1, 1),
                command.maxWaiting(),
                observer.getIfAvailable(() -> DeliveryObserver.NONE),
                signing);
    }

    @Bean
    Commands commands(CommandRoom room) {
        return room.commands;
    }

    @Bean
    Rollouts rollouts(CommandRoom room, ApiTokens tokens) {
        return room.rollouts(tokens);
    }

    @Bean
    Reaper reaper(CommandRoom room) {
        return room.reaper;
    }

    @Bean
    ConnectionListener commandDispatcher(CommandRoom room) {
        return room.dispatcher;
    }

    @Bean
    AgentMessageHandler<CommandAck> commandAcks(CommandRoom room) {
        return room.reports.acks();
    }

    @Bean
    AgentMessageHandler<CommandNack> commandNacks(CommandRoom room) {
        return room.reports.nacks();
    }

    @Bean
    AgentMessageHandler<CommandStarted> commandStarts(CommandRoom room) {
        return room.reports.starts();
    }

    @Bean
    AgentMessageHandler<CommandOutput> commandOutputs(CommandRoom room) {
        return room.reports.outputs();
    }

    @Bean
    AgentMessageHandler<CommandResult> commandResults(CommandRoom room) {
        return room.reports.results();
    }

    @Bean
    AgentMessageHandler<CommandLedger> commandLedgers(CommandRoom room) {
        return room.reports.ledgers();
    }

    @Bean
    AgentMessageHandler<Heartbeat> commandHeartbeats(CommandRoom room) {
        return room.reports.heartbeats();
    }

    @Bean
    SmartLifecycle commandWriters(CommandRoom room) {
        return new Running(WRITERS_PHASE) {
            @Override
            void begin() {
                room.engine.start();
            }

            @Override
            void end() {
                room.engine.stop();
            }
        };
    }

    @Bean
    SmartLifecycle commandRungs(CommandRoom room) {
        return new Running(RUNGS_PHASE) {
            private List<RepeatingTask> loops = List.of();

            @Override
            void begin() {
                loops = List.of(
                        RepeatingTask.start("command-rungs", FLUSH, PATIENCE, room::flushRungs),
                        RepeatingTask.start("command-keys", FORGET, PATIENCE, room::forgetKeys));
            }

            @Override
            void end() {
                loops.forEach(RepeatingTask::close);
                room.flushRungs();
            }
        };
    }

    @Bean
    SmartLifecycle commandLoops(CommandRoom room, CommandProperties settings) {
        return new Running(LOOPS_PHASE) {
            private List<RepeatingTask> loops = List.of();

            @Override
            void begin() {
                loops = List.of(
                        RepeatingTask.start(
                                "command-reaper", settings.reaperInterval(), PATIENCE, room.reaper::reapOnce),
                        RepeatingTask.start("command-lanes", TICK, PATIENCE, room::tick),
                        RepeatingTask.start("command-orphans", ORPHANS, PATIENCE, room::endOrphans));
            }

            @Override
            void end() {
                loops.forEach(RepeatingTask::close);
            }
        };
    }

    @Bean
    AgentDeletions agentDeletions(CommandRoom room) {
        return new AgentDeletions(room);
    }

    /** Hears of deleted agents; the work is done on a thread of its own. */
    record AgentDeletions(CommandRoom room) {
        private static final Logger log = LoggerFactory.getLogger(AgentDeletions.class);

        @EventListener
        void gone(AgentDeleted agent) {
            Thread.startVirtualThread(() -> {
                try {
                    room.agentDeleted(agent);
                } catch (CompletionException | DataAccessException e) { // what is left the next round of the loop ends
                    log.atWarn()
                            .addKeyValue("agent", agent.agentId())
                            .setCause(e)
                            .log("command.not_ended_yet");
                }
            });
        }
    }

    /** Something that starts and stops with the application, once each. */
    private abstract static class Running implements SmartLifecycle {
        private final int phase;
        private volatile boolean running;

        Running(int phase) {
            this.phase = phase;
        }

        abstract void begin();

        abstract void end();

        @Override
        public void start() {
            begin();
            running = true;
        }

        @Override
        public void stop() {
            end();
            running = false;
        }

        @Override
        public boolean isRunning() {
            return running;
        }

        @Override
        public int getPhase() {
            return phase;
        }
    }
}
