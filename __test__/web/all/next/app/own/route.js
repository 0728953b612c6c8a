export const GET = () => Response.json({})
export const POST = async request => Response.json(await request.json())
