package dev.wireproof.connection;

import dev.wireproof.fleet.Agents;
import dev.wireproof.fleet.ConfigChanged;
import dev.wireproof.fleet.Configs;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.SiteId;
import dev.wireproof.protocol.ServerMessage;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.transaction.event.TransactionalEventListener;

/**
 * Brings a new configuration to the agents that are on the line, with an Echo behind it: whether they still take texts is then known at once.
 * Agents that are away get it at their next login.
 */
class ConfigPush {
    private static final Logger log = LoggerFactory.getLogger(ConfigPush.class);

    private final LiveConnections registry;
    private final Configs configs;
    private final Agents agents;

    ConfigPush(LiveConnections registry, Configs configs, Agents agents) {
        this.registry = registry;
        this.configs = configs;
        this.agents = agents;
    }

    /** After the commit, on a thread of its own: a site may have thousands of agents, and each is asked about. */
    @TransactionalEventListener(fallbackExecution = true)
    void changed(ConfigChanged change) {
        Thread.startVirtualThread(() -> {
            try {
                push(change);
            } catch (RuntimeException e) {
                log.atWarn()
                        .addKeyValue("version", change.version())
                        .setCause(e)
                        .log("connection.config_not_pushed");
            }
        });
    }

    private void push(ConfigChanged change) {
        AgentId agent = change.agent();
        if (agent != null) {
            registry.connectionOf(agent).ifPresent(connection -> push(connection, change));
            return;
        }
        for (Connection connection : registry.all()) {
            if (registry.isLive(connection)) {
                push(connection, change);
            }
        }
    }

    private void push(Connection connection, ConfigChanged change) {
        Optional<SiteId> site = agents.siteOf(connection.agentId());
        if (site.isEmpty() || (change.site() != null && !change.site().equals(site.get()))) {
            return;
        }
        Configs.Effective now = configs.effective(connection.agentId(), site.get());
        if (now.version() == change.version()) { // otherwise the agent has one of its own, or a newer one comes
            Welcome.send(connection, new ServerMessage.ConfigUpdate(now.version(), now.config()));
            connection.sendEcho(null);
        }
    }
}
