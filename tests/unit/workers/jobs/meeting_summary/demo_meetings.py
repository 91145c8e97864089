"""Invented meetings for the tests of minutes: one full of decisions and tasks, one a mere chat."""

from workers.transcripts.parse import parse_transcript
from workers.transcripts.transcript import Transcript

BUDGET_ROUND = """Budget round
Date: 2026-03-05
Attendees: Anna Schmidt, Ben Okafor, Chloé Martin

[0:05] Anna Schmidt: Good morning everybody, the budget for the customer portal is the main point today.
[0:20] Ben Okafor: The portal project has spent forty two thousand euros of the sixty thousand in the plan.
[0:38] Chloé Martin: The hosting contract with Nordlicht ends in May and the new price is 1,250 euros a month.
[0:55] Anna Schmidt: That is more than the old contract, which was 900 euros a month for the same servers.
[1:10] Ben Okafor: Um, I think we should stay with Nordlicht because moving the database would cost two weeks.
[1:25] Chloé Martin: Agreed, moving the database before the summer is a risk for the portal.
[1:40] Anna Schmidt: Okay, so we have decided to stay with Nordlicht for the hosting of the portal.
[1:55] Ben Okafor: The second point is the test plan, and the testers don't have access to the staging system.
[2:10] Anna Schmidt: Ben, can you send the access forms to the testers by Friday?
[2:18] Ben Okafor: Yes, I will send the access forms to the testers by Friday.
[2:30] Chloé Martin: I'll write the test plan for the payment page until the end of next week.
[2:45] Anna Schmidt: The payment page will not be part of the first release in April.
[3:00] Ben Okafor: Maybe we could ask the design team to review the payment page earlier.
[3:15] Chloé Martin: The design team is busy with the brochure for the trade fair.
[3:30] Anna Schmidt: Who will present the portal at the trade fair in Hanover?
[3:40] Ben Okafor: I don't know, that depends on the travel budget.
[3:55] Anna Schmidt: The travel budget for this quarter has 3,500 euros left for two people.
[4:10] Chloé Martin: The brochure needs new pictures of the portal and a shorter text.
[4:25] Ben Okafor: The numbers in the brochure are from last year and have to be checked.
[4:40] Anna Schmidt: Thank you everybody, the minutes go to the whole team this afternoon.
"""

# The same, as a recorder writes it that knows no names.
UNNAMED = BUDGET_ROUND.replace("Attendees: Anna Schmidt, Ben Okafor, Chloé Martin\n", "")
for number, person in enumerate(("Anna Schmidt", "Ben Okafor", "Chloé Martin"), 1):
    UNNAMED = UNNAMED.replace(f"{person}:", f"Speaker {number}:")

CHAT = """Dana: The weather in Lisbon was lovely and the food was good as well.
Eli: We went to the coast last summer and it rained all the time there.
Dana: The old tram up the hill was full of tourists with large cameras.
Eli: My sister lived in Porto and she liked the river and the bridges.
Dana: The custard tarts at the corner were the best thing of the whole trip.
Eli: Yeah, they are famous for a reason and they were warm as well.
"""


def budget_round() -> Transcript:
    """Return the meeting with decisions and tasks."""
    return parse_transcript(BUDGET_ROUND.encode())


def chat() -> Transcript:
    """Return the chat without any."""
    return parse_transcript(CHAT.encode())
