"""Six invented meetings of different kinds, each with what its minutes should list, written before any was run.

An expected entry is told by words of the sentence it rests on; a listed line is right when it cites a sentence with
such words. Lists that stay empty are part of the expectation.
"""

from dataclasses import dataclass

from workers.transcripts.parse import parse_transcript
from workers.transcripts.transcript import Transcript


@dataclass(frozen=True)
class PlainMeeting:
    """A transcript, and words of what its decisions, tasks and open questions rest on."""

    text: str
    decisions: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()

    def transcript(self) -> Transcript:
        """Return the meeting as a reader of files gets it."""
        return parse_transcript(self.text.encode())


STANDUP = PlainMeeting(
    """Nadia Petrov: Morning. Um, shall we start? Tomasz, you go first.
Tomasz Zielinski: Yeah, so yesterday I uh finished the import of the price lists.
Tomasz Zielinski: And I I found two rows with a wrong currency.
Tomasz Zielinski: Today I'm going to write the test for the rounding, and then the review for Grace.
Grace Mwangi: Nice. Did you see my comment on the pull request?
Tomasz Zielinski: Yes, I saw it, thanks.
Grace Mwangi: So I'm still on the login page. The session cookie gets lost in Safari and we don't know why.
Nadia Petrov: Hmm. Is it the same with the private window?
Grace Mwangi: No, there it works.
Nadia Petrov: Okay. Can you ask Yusuf to have a look, please?
Grace Mwangi: Sure, I'll ask him after this.
Nadia Petrov: And is the release still on Thursday, or do we wait for the login?
Tomasz Zielinski: I don't know. It depends on what Yusuf says.
Nadia Petrov: Fine, then we leave that open until tomorrow.
Tomasz Zielinski: You know, the coffee machine is broken again.
Nadia Petrov: Oh no. Right, that's it, have a good day.
""",
    tasks=("Today I'm going to write the test", "I'll ask him after this"),
    questions=("is the release still on Thursday",),
)

RETRO = PlainMeeting(
    """Ines Duarte: Welcome to the retro for sprint twenty one. What went well?
Karl Brandt: The pairing went well I think, I mean we we closed nine stories and nobody worked at night.
Mei Chen: Yeah, and the new dashboard, people liked it.
Ines Duarte: Good. What was not so good?
Mei Chen: The planning took three hours. That was that was too long, honestly.
Karl Brandt: Yeah, I was asleep at the end.
Mei Chen: What if we split it, one hour on Monday and one hour on Tuesday?
Karl Brandt: I like that. One hour each is fine with me.
Ines Duarte: Okay, so let's try that, two plannings of one hour for the next two sprints.
Mei Chen: Great.
Karl Brandt: The other thing is the flaky tests. We should maybe switch them off.
Mei Chen: Hmm, I don't think we should switch them off, we would never turn them on again.
Karl Brandt: Okay, fair, forget it then.
Ines Duarte: So we keep the flaky tests running and mark them in the report. Everybody agree?
Karl Brandt: Agreed.
Mei Chen: Yes, agreed.
Ines Duarte: Who makes a list of the flaky ones?
Karl Brandt: I can do that, by Wednesday.
Mei Chen: Did anyone watch the match on Sunday?
Ines Duarte: Ha, no, don't tell me. Thanks everyone.
""",
    decisions=("let's try that, two plannings", "we keep the flaky tests running"),
    tasks=("I can do that, by Wednesday",),
)

CLIENT_CALL = PlainMeeting(
    """Robert Haas: Hello Ms Ferrante, thanks for taking the time. Can you hear me?
Lucia Ferrante: Yes, perfectly.
Robert Haas: So you wrote that the scanners in the north warehouse stop every few hours.
Lucia Ferrante: Exactly. It's about eight times a day, and every time we lose ten minutes.
Lucia Ferrante: That's a real problem for us.
Robert Haas: I understand. Um, did it begin with the update in October?
Lucia Ferrante: Yes, on the twelfth of October. Before that we had no trouble at all.
Dana Whitfield: We can roll back the update tonight if you want. That would take about twenty minutes.
Lucia Ferrante: Tonight is fine, but after ten please, the late shift ends at ten.
Dana Whitfield: Okay, then we do the rollback tonight at half past ten.
Lucia Ferrante: Good, agreed.
Robert Haas: Dana will call you tomorrow at nine to see if it worked.
Lucia Ferrante: Thank you. And what about the cost? Do we get the lost hours back?
Robert Haas: I can't promise that today. I'd have to ask our management.
Robert Haas: I'll come back to you on that by Friday.
Lucia Ferrante: Alright. And the contract for next year, will the price stay the same?
Robert Haas: That one is still open. We haven't got the new price list yet.
Lucia Ferrante: Okay. Then I'll send you the log files of the scanners this afternoon.
Dana Whitfield: That would help a lot, thanks.
Robert Haas: Wonderful. How is the weather in Bologna?
Lucia Ferrante: Too hot, as always. Goodbye.
""",
    decisions=("we do the rollback tonight at half past ten",),
    tasks=("Dana will call you tomorrow", "I'll come back to you on that by Friday", "I'll send you the log files"),
    questions=("Do we get the lost hours back", "will the price stay the same"),
)

BOARD = PlainMeeting(
    """The Chair (Ida Coe): Good evening. The minutes of the last meeting were sent out. Are there any comments?
Owen Pryce: None, Chair.
The Chair (Ida Coe): Then the minutes of the September meeting are approved.
The Chair (Ida Coe): Item three, the roof of the sports hall. Mr Pryce.
Owen Pryce: Thank you, Chair. We have three offers, between eighty and one hundred and ten thousand pounds.
Owen Pryce: I move that the council accept the offer of Hartley and Sons at eighty four thousand pounds.
Bronwen Ellis: I second that.
Gareth Lloyd: May I ask the honourable member whether Hartley have done a roof of this size before?
Owen Pryce: Yes, the school in Brynmawr in two thousand and nineteen.
The Chair (Ida Coe): Those in favour? Five. Against? One. The motion is carried.
The Chair (Ida Coe): Item four, the parking fees. The motion is to raise the fee on Station Road to two pounds.
Gareth Lloyd: I am against it. Our shops would suffer, and we were promised that this would not happen again.
Bronwen Ellis: I agree with Mr Lloyd that the shops have suffered enough.
The Chair (Ida Coe): Those in favour? Two. Against? Four. The motion falls.
Bronwen Ellis: Chair, I would like to propose an amendment to item five, to delete the word annual.
The Chair (Ida Coe): Does any member object? No objection. The amendment is agreed.
Owen Pryce: The clerk will write to the county about the bus shelter by the end of the month.
Gareth Lloyd: Who pays for the new bus shelter, us or the county?
The Clerk (Tess Moran): That is not clear yet, Chair.
The Chair (Ida Coe): Then we shall return to it in November. I thank the members and close the meeting.
""",
    decisions=(
        "the minutes of the September meeting are approved",
        "I move that the council accept the offer",
        "The motion is to raise the fee",
        "I would like to propose an amendment to item five",
    ),
    tasks=("The clerk will write to the county",),
    questions=("Who pays for the new bus shelter",),
)

ONE_TO_ONE = PlainMeeting(
    """Hana Kimura: So, how are you doing? How was the holiday?
Felix Aubert: Good, thanks. We were at the lake, the kids loved it, it was it was really quiet.
Hana Kimura: Lovely. What's on your mind at the moment?
Felix Aubert: Honestly I'm a bit bored with the reports. I've done them for two years now.
Hana Kimura: I see. What would you like to do instead?
Felix Aubert: Something with customers, I think. Um, I liked the workshop in Lyon a lot.
Hana Kimura: Yeah, people said good things about you there. You were very clear.
Felix Aubert: Oh, that's nice to hear.
Hana Kimura: Do you think Marie could do the reports?
Felix Aubert: Yes, she knows them better than I do.
Hana Kimura: I had the same feeling in my first job, you know, and then I moved to sales and everything was new.
Felix Aubert: And did you like it?
Hana Kimura: Most of it. Not the travelling. You get used to hotels, but you never get to like them.
Felix Aubert: Ha, I can imagine that.
Hana Kimura: Well, it was good to talk. See you on Thursday.
""",
)

INCIDENT = PlainMeeting(
    """Priya Nair: Okay, this is the review of the outage on Tuesday. Jonas, can you tell us what happened?
Jonas Weber: Yeah. So at at nine forty the disk of the second database filled up, and the the payments stopped.
Jonas Weber: We got the alert at nine fifty five. It took until ten thirty to free the space.
Priya Nair: Why did the alert come so late?
Jonas Weber: Because the threshold is ninety eight percent. That is way too high.
Sara Lindgren: We had the same problem in March and we said that we would change it, and then nobody did.
Priya Nair: Right. Let's set the threshold to eighty percent for all databases.
Sara Lindgren: Yes, that makes sense.
Jonas Weber: Sounds good. I'll change it in the template today.
Priya Nair: What filled the disk?
Jonas Weber: The audit logs. What we don't know is why they grew by a factor of ten on Monday night.
Sara Lindgren: Could it be the new client from Denmark?
Jonas Weber: Maybe, I'm not sure. We have to look at that.
Priya Nair: Okay. Sara, could you look into the audit logs and report back on Friday?
Sara Lindgren: Yes, I'll do that.
Sara Lindgren: Should we tell the customers that payments were lost?
Priya Nair: No payments were lost, they were only late.
Priya Nair: We agreed with support last week that they write to everyone after an outage of more than half an hour.
Jonas Weber: Good. And we won't buy bigger disks now, right?
Priya Nair: No, no bigger disks for now.
Priya Nair: Thanks, that was quick.
""",
    decisions=("Let's set the threshold to eighty percent", "no bigger disks for now"),
    tasks=("I'll change it in the template today", "could you look into the audit logs"),
    questions=("Could it be the new client from Denmark",),
)

PLAIN_MEETINGS = {
    "standup": STANDUP,
    "retro": RETRO,
    "client call": CLIENT_CALL,
    "board": BOARD,
    "one to one": ONE_TO_ONE,
    "incident review": INCIDENT,
}
