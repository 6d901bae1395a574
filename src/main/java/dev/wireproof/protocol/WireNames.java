package dev.wireproof.protocol;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The wire names of one enum's values: lower case, as in {@code timed_out}. */
final class WireNames<E extends Enum<E>> {
    static final WireNames<AgentMessage.AckStatus> ACK_STATUS = new WireNames<>(AgentMessage.AckStatus.class);
    static final WireNames<AgentMessage.NackCode> NACK_CODE = new WireNames<>(AgentMessage.NackCode.class);
    static final WireNames<AgentMessage.LedgerStatus> LEDGER_STATUS = new WireNames<>(AgentMessage.LedgerStatus.class);
    static final WireNames<AgentMessage.Stream> STREAM = new WireNames<>(AgentMessage.Stream.class);
    static final WireNames<AgentMessage.Encoding> ENCODING = new WireNames<>(AgentMessage.Encoding.class);
    static final WireNames<AgentMessage.Outcome> OUTCOME = new WireNames<>(AgentMessage.Outcome.class);
    static final WireNames<ProtocolFault.Code> FAULT_CODE = new WireNames<>(ProtocolFault.Code.class);
    static final WireNames<ServerMessage.RejectCode> REJECT_CODE = new WireNames<>(ServerMessage.RejectCode.class);

    private final Map<String, E> byName = new HashMap<>();
    private final String allowed;

    private WireNames(Class<E> type) {
        for (E value : type.getEnumConstants()) {
            byName.put(of(value), value);
        }
        this.allowed = Stream.of(type.getEnumConstants()).map(WireNames::of).collect(Collectors.joining(", "));
    }

    static String of(Enum<?> value) {
        // The one name with a hyphen, because it is the encoding's own.
        return value == AgentMessage.Encoding.UTF_8 ? "utf-8" : value.name().toLowerCase(Locale.ROOT);
    }

    @Nullable
    E find(String name) {
        return byName.get(name);
    }

    /** All names, for the answer to a peer that used another. */
    String allowed() {
        return allowed;
    }
}
