package dev.wireproof.fleet;

import dev.wireproof.id.AgentId;
import dev.wireproof.id.SiteId;
import org.jspecify.annotations.Nullable;

/**
 * Published after the commit of a new configuration. {@link Configs#effective} tells what an agent gets now.
 *
 * @param site set when all agents of a site without one of their own are meant; else null
 * @param agent set when it is about one agent; else null
 */
public record ConfigChanged(@Nullable SiteId site, @Nullable AgentId agent, long version) {}
