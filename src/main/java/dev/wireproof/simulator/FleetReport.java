package dev.wireproof.simulator;

import java.util.LinkedHashMap;
import java.util.Map;

/** What a fleet did, as one tree of plain values. */
final class FleetReport {
    private FleetReport() {}

    static Map<String, Object> of(FleetStats stats, FleetSettings settings) {
        Map<String, Object> faults = new LinkedHashMap<>();
        for (FaultPlan.Share share : settings.faults().shares()) {
            faults.merge(share.fault().optionName(), share.count(), (a, b) -> (int) a + (int) b);
        }
        Map<String, Object> connections = new LinkedHashMap<>();
        connections.put("attempts", stats.connects.sum());
        connections.put("logins", stats.logins.sum());
        connections.put("enrolments", stats.enrolments.sum());
        connections.put("rejections", stats.rejections.sum());
        connections.put("live", stats.live.get());
        connections.put("stopped", stats.stopped.get());
        connections.put("drops", stats.drops.sum());
        connections.put("ends", stats.closes());
        connections.put("connect_to_login", stats.connectToLogin());
        Map<String, Object> commands = new LinkedHashMap<>();
        commands.put("offers", stats.offers.sum());
        commands.put("duplicate_offers", stats.duplicateOffers.sum());
        commands.put("acks", stats.acks.sum());
        commands.put("nacks", stats.nacks.sum());
        commands.put("executions", stats.executions.sum());
        commands.put("results_sent", stats.results.sum());
        commands.put("results_confirmed", stats.resultAcks.sum());
        commands.put("ledger_queries", stats.ledgerQueries.sum());
        commands.put("issued_to_ack", stats.issuedToAck());
        Map<String, Object> frames = new LinkedHashMap<>();
        frames.put("pings", stats.pings.sum());
        frames.put("echoes", stats.echoes.sum());
        frames.put("heartbeats", stats.heartbeats.sum());
        frames.put("protocol_errors", stats.protocolErrors.sum());
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("agents", settings.agents());
        report.put("faults", faults);
        report.put("connections", connections);
        report.put("commands", commands);
        report.put("frames", frames);
        return report;
    }
}
