package dev.wireproof.api;

import dev.wireproof.access.Caller;
import dev.wireproof.fleet.Agents;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.SiteId;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Collection;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;

/**
 * What a caller may see. What is not there, what is not theirs and what is no id at all are one answer, so that nobody learns which ids
 * exist at other sites.
 */
@Component
class Visible {
    private final Agents agents;

    Visible(Agents agents) {
        this.agents = agents;
    }

    /** An agent and where it stands. */
    record At(AgentId agent, SiteId site) {}

    /** For lists of what is not filtered where it is read. */
    boolean sees(Caller caller, AgentId agent) {
        return caller.seesAll() || agents.lastSiteOf(agent).filter(caller::sees).isPresent();
    }

    At agent(HttpServletRequest request, Caller caller, String id) {
        return agent(request, caller, parsed(id, AgentId::parse));
    }

    At agent(HttpServletRequest request, Caller caller, AgentId agent) {
        SiteId site = agents.siteOf(agent).orElseThrow(() -> Problem.notFound().exception());
        require(request, caller, site);
        return new At(agent, site);
    }

    /**
     * The sites that a list may show.
     *
     * @param asked the one that the request names; null: all that the caller sees
     * @return null: no restriction
     */
    static @Nullable Set<SiteId> sites(Caller caller, @Nullable SiteId asked) {
        if (asked == null) {
            return caller.sites();
        }
        return caller.sees(asked) ? Set.of(asked) : Set.of();
    }

    static SiteId site(HttpServletRequest request, Caller caller, String id) {
        SiteId site = parsed(id, SiteId::parse);
        require(request, caller, site);
        return site;
    }

    /** For what is there, and of that site. */
    static void require(HttpServletRequest request, Caller caller, SiteId site) {
        if (!caller.sees(site)) {
            throw RouteGuard.hidden(request, site);
        }
        RouteGuard.about(request, site);
    }

    /** For what is about the whole server: one who is limited to some sites may not do it. */
    static void requireAllSites(Caller caller) {
        if (!caller.seesAll()) {
            throw Problem.of(
                            HttpStatus.FORBIDDEN,
                            "forbidden",
                            "This is about all sites, and the token is limited to some.")
                    .exception();
        }
    }

    static <T> T parsed(String id, Function<String, T> parse) {
        try {
            return parse.apply(id);
        } catch (IllegalArgumentException e) {
            throw Problem.notFound().exception();
        }
    }

    static UUID uuid(String id) {
        return parsed(id, text -> SiteId.parse(text).value());
    }

    /** For what is there, and of these sites, all of which the caller must see. @param sites null: of all */
    static void requireWithin(HttpServletRequest request, Caller caller, @Nullable Collection<SiteId> sites) {
        if (!caller.seesAll() && (sites == null || !sites.stream().allMatch(caller::sees))) {
            throw RouteGuard.hidden(request, null);
        }
    }
}
