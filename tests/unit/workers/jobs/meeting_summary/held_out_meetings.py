"""Four more invented meetings with what their minutes should list; written after the rules, and before being run.

Nothing was changed for them, so what the rules do here is what they do with meetings nobody looked at.
"""

from tests.unit.workers.jobs.meeting_summary.plain_meetings import PlainMeeting

PLANNING = PlainMeeting(
    """Aisha Rahman: Okay, everybody here? So, um, sprint planning. Leo, how many points did we do last time?
Leo Fontaine: Thirty four. But two people were on holiday.
Aisha Rahman: Right. I'd say we go with forty then.
Leo Fontaine: Forty sounds good.
Marta Kowal: Fine with me.
Aisha Rahman: The first one is the export to Excel. Is it clear what they want?
Marta Kowal: Not really. The ticket says all columns, but the customer told me only the open invoices.
Leo Fontaine: I can call the customer and ask. I'll do that tomorrow morning.
Aisha Rahman: Thanks. Then the export is not in this sprint, we take it next time.
Marta Kowal: Yes, agreed.
Leo Fontaine: The login with two factors is ready from my side, I mean the design is.
Aisha Rahman: Do we need the fallback by text message?
Marta Kowal: I don't know. The security people have to say that.
Leo Fontaine: Marta, can you write to the security team today?
Marta Kowal: Yes, will do.
Aisha Rahman: My cat just walked over the keyboard, sorry.
Leo Fontaine: Ha. We saw.
Aisha Rahman: Okay, we drop the dark mode from this sprint, nobody asked for it.
Leo Fontaine: Good.
Aisha Rahman: That's it. Thank you all.
""",
    decisions=("we go with forty then", "the export is not in this sprint", "we drop the dark mode"),
    tasks=("I'll do that tomorrow morning", "can you write to the security team"),
    questions=("Do we need the fallback by text message",),
)

ASSOCIATION = PlainMeeting(
    """Chairman: I open the annual meeting of the rowing club at seven o'clock. Forty one members are present.
Chairman: The treasurer has the floor.
Treasurer: We took in eighteen thousand euros and spent sixteen thousand. The boat house needs a new door.
Member Olsen: I move that the treasurer be discharged.
Member Brandt: Seconded.
Chairman: All those in favour? Against? None. The motion is carried unanimously.
Chairman: Next, the membership fee. The board proposes to raise it from ninety to one hundred euros.
Member Olsen: I propose an amendment, that students pay fifty euros.
Chairman: We vote on the amendment first. In favour twelve, against twenty nine. The amendment is rejected.
Chairman: Now the motion of the board to raise the fee to one hundred euros. In favour thirty, against eleven.
Chairman: The motion is agreed to.
Member Brandt: What will the new boat cost?
Treasurer: I can't say yet. We have one offer only.
Chairman: The secretary will send the figures to all members by the first of March.
Member Olsen: In two thousand and twelve the motion to sell the old boat was rejected, and I was very glad.
Chairman: Thank you. I close the meeting.
""",
    decisions=(
        "I move that the treasurer be discharged",
        "I propose an amendment, that students pay fifty euros",
        "Now the motion of the board to raise the fee",
    ),
    tasks=("The secretary will send the figures",),
    questions=("What will the new boat cost",),
)

INTERVIEW = PlainMeeting(
    """Ruth Adeyemi: Thanks for coming in, Pavel. Tell us a bit about yourself.
Pavel Novak: Sure. Um, I worked six years at a bank, in the fraud team, and we we decided to build our own\
 rule engine.
Ruth Adeyemi: Why did you do that?
Pavel Novak: The old one was slow. We agreed with the vendor on a price and then they doubled it.
Ken Ito: And what was your part in it?
Pavel Novak: I wrote the parser. I will always remember the first night it ran.
Ken Ito: What would you do differently today?
Pavel Novak: I would start with the tests. You know, we were young.
Ruth Adeyemi: How much notice do you have to give?
Pavel Novak: Two months.
Ruth Adeyemi: Good. Do you have any questions for us?
Pavel Novak: Yes, how big is the team?
Ken Ito: Nine people, two of them part time.
Ruth Adeyemi: We'll let you know by next Friday.
Pavel Novak: Thank you very much.
""",
    tasks=("We'll let you know by next Friday",),
)

SUPPLIER = PlainMeeting(
    """Sofia Lind: So, Henrik, the pallets. Fourteen of the two hundred were wet when they came.
Henrik Vang: Yes, I saw your pictures, I'm I'm sorry about that. The truck had a hole in the roof.
Sofia Lind: What do we do about it? We can't sell them.
Henrik Vang: We take the fourteen back and you get a credit note.
Sofia Lind: That's fine for us.
Henrik Vang: I'll send the credit note on Monday.
Sofia Lind: And the next delivery, does it still come on the third?
Henrik Vang: Hmm, that I have to check with the port. There's a strike.
Sofia Lind: Please tell me as soon as you know.
Henrik Vang: I will.
Sofia Lind: We were thinking about a second supplier, to be honest.
Henrik Vang: I understand that. Maybe we could talk about a better price for the spring.
Sofia Lind: Maybe. Let's not sign anything for the spring before the third delivery is here.
Henrik Vang: Okay, agreed.
Sofia Lind: Is your father well again?
Henrik Vang: Much better, thank you.
""",
    decisions=("We take the fourteen back", "Let's not sign anything"),
    tasks=("I'll send the credit note on Monday", "Please tell me as soon as you know"),
    questions=("does it still come on the third",),
)

HELD_OUT = {"planning": PLANNING, "association": ASSOCIATION, "interview": INTERVIEW, "supplier": SUPPLIER}
