package dev.wireproof.protocol;

/** The payload of ProtocolError, which both ends send. */
final class FaultFields {
    private FaultFields() {}

    static ProtocolFault read(Fields in) throws Fields.Invalid {
        return new ProtocolFault(
                in.oneOf("code", WireNames.FAULT_CODE),
                in.text("message"),
                in.textOrNull("received_type"),
                in.number("received_bytes", 0, Long.MAX_VALUE),
                in.sha256OrNull("sha256"));
    }

    static void write(JsonWriter out, ProtocolFault fault) {
        out.oneOf("code", fault.code())
                .text("message", fault.message())
                .text("received_type", fault.receivedType())
                .number("received_bytes", fault.receivedBytes())
                .text("sha256", fault.sha256());
    }
}
