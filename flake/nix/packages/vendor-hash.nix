"sha256-G7//iv1rdOEh1IgBL8kVKDMmJihL6lTkAXB0aLCz+bs="
